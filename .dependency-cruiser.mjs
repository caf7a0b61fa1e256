// Top floor first. A room may import from the floors below its own, not from its own floor and not from above.
const floors = [
  ['cli', 'testing'],
  ['server'],
  ['release', 'observe', 'map', 'baseline'],
  ['agent', 'data', 'jobs', 'web3'],
  ['models', 'graph', 'app'],
  ['engine'],
  ['workflow', 'audit'],
  ['redaction'],
  ['journal'],
]

const src = '^packages/spanwise/src'
const rooms = floors.flat()
const any = `(?:${rooms.join('|')})`
// doors of their own, because they bring libraries that graphs in code do not need
const definitions = `${src}/graph/(?:definition|cel)/index[.]ts$`
const tests = String.raw`\.test(-d|suite)?\.ts$`

const floorRules = floors.flatMap((floor, height) =>
  floor.map((room) => {
    const above = floors.slice(0, height + 1).flat()
    const forbidden = above.filter((other) => other !== room)
    return {
      name: `floor-${room}`,
      comment: `${room} imports only from the floors below its own.`,
      severity: 'error',
      from: { path: `${src}/${room}/` },
      // files directly in src are the package's entry points, above every room
      to: { path: [`${src}/[^/]+$`, ...(forbidden.length ? [`${src}/(?:${forbidden.join('|')})/`] : [])] },
    }
  }),
)

export default {
  forbidden: [
    ...floorRules,
    {
      name: 'known-room',
      comment: 'A new folder in src needs a floor in .dependency-cruiser.mjs.',
      severity: 'error',
      from: { path: `${src}/[^/]+/`, pathNot: `${src}/${any}/` },
      to: {},
    },
    {
      name: 'known-room-imported',
      comment: 'A new folder in src needs a floor in .dependency-cruiser.mjs.',
      severity: 'error',
      from: {},
      to: { path: `${src}/[^/]+/`, pathNot: `${src}/${any}/` },
    },
    {
      name: 'door',
      comment: 'Another room is entered through its index.ts only.',
      severity: 'error',
      from: { path: `${src}/([^/]+)/` },
      to: { path: `${src}/[^/]+/`, pathNot: [`${src}/$1/`, `${src}/[^/]+/index[.]ts$`, definitions] },
    },
    {
      name: 'door-from-outside',
      comment: 'Entry points, and the tests that cross rooms, enter a room through its index.ts too.',
      severity: 'error',
      from: { path: [`${src}/[^/]+$`, '^test/'] },
      to: {
        path: `${src}/[^/]+/`,
        pathNot: [`${src}/[^/]+/index[.]ts$`, `${src}/server/client/index[.]ts$`, definitions],
      },
    },
    {
      name: 'public-surface',
      comment: "Examples and benchmarks use the package as its users do: import from 'spanwise'.",
      severity: 'error',
      from: { path: '^(examples|bench)/' },
      to: { path: '^packages/', dependencyTypes: ['local'] },
    },
    {
      name: 'studio-talks-to-the-server',
      comment: "The studio knows the API's client and nothing else of the package.",
      severity: 'error',
      from: { path: '^studio/' },
      to: { path: '^packages/', pathNot: `${src}/(server/client|client)` },
    },
    {
      name: 'no-circle',
      comment: 'Circles hide which file depends on which; type-only ones too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'workflow-is-pure',
      comment: 'The replay runtime does no I/O: what it does must be repeatable from the journal alone.',
      severity: 'error',
      from: { path: `${src}/workflow/`, pathNot: tests },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|net|tls|dns|dgram|http|https|http2|child_process|cluster|worker_threads|sqlite)(/|$)',
      },
    },
    {
      name: 'no-test-in-product',
      comment: 'What ships does not import tests.',
      severity: 'error',
      from: { path: src, pathNot: tests },
      to: { path: tests },
    },
    {
      name: 'shipped-dependencies',
      comment: 'What ships imports only what packages/spanwise/package.json lists under dependencies or peers.',
      severity: 'error',
      from: { path: `${src}/`, pathNot: [tests, '/fixtures/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // other products' packages are installed when they are measured, not before
    exclude: { path: ['/dist/', '^bench/peers/[^/]+/'] },
    // import type counts: a type from above is knowledge of what is above
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    builtInModules: { add: ['node:sqlite', 'sqlite', 'node:test', 'node:sea'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['spanwise-source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
}
