import manifest from './packages/spanwise/package.json' with { type: 'json' }

// one bundle per entry point: our own code as a user's bundler would take it, dependencies left out
const entries = Object.entries(manifest.exports).filter(([, target]) => target.source)

export default entries.map(([name, target]) => ({
  input: `packages/spanwise/${target.default}`,
  platform: 'node',
  external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  output: { dir: `.size/${name}`, minify: true },
}))
