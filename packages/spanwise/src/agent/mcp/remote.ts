/** Identifies a tool whose definition is somebody else's, and may change under the code. */
export const remoteMarker: unique symbol = Symbol.for('spanwise.remote-tool') as never

export interface Remote {
  /** the server says that doing it twice does no harm */
  readonly isRepeatable: boolean
  /** of the definition, as it is now */
  version(): Promise<string>
}

export function remoteOf(tool: unknown): Remote | undefined {
  return typeof tool === 'object' && tool !== null ? (tool as { [remoteMarker]?: Remote })[remoteMarker] : undefined
}
