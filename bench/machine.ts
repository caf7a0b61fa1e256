import { cpus, platform, release } from 'node:os'

/** What a figure means nothing without. */
export const machine = {
  node: process.version,
  os: `${platform()} ${release()}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  durability: 'synchronous=FULL',
}
