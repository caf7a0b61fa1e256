import type { Log } from '../workflow/index.ts'

export interface ServeOptions {
  /** folder with the built studio; the one that comes with the package by default, `false` for none */
  readonly studio?: string | false
  /** bytes that a body may have; 1 MiB */
  readonly bodyLimit?: number
  /** names that the server is reached under besides those of loopback, with their port where it is not the default one */
  readonly hosts?: readonly string[]
  /** other origins whose pages may call the API, like `https://console.example.com` */
  readonly origins?: readonly string[]
  readonly log?: Log
}
