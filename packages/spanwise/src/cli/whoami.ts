import { userInfo } from 'node:os'

/** Who decides, operates and looks, where it is not said. */
export function whoami(): string {
  return process.env['SPANWISE_USER'] ?? userInfo().username
}
