import manifest from './packages/spanwise/package.json' with { type: 'json' }

export const entryPoints = Object.entries(manifest.exports)
  .filter(([, target]) => target['spanwise-source'])
  .map(([name, target]) => ({
    name,
    file: `packages/spanwise/${target.default}`,
    dir: `.size/${name === '.' ? 'main' : name.slice(2)}`,
  }))

// one bundle per entry point: our own code as a user's bundler would take it, dependencies left out
export default entryPoints.map(({ file, dir }) => ({
  input: file,
  platform: 'node',
  external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  output: { dir, minify: true, cleanDir: true },
}))
