import { crc32, deflateRawSync } from 'node:zlib'

/** A zip file with deflated members, names in UTF-8, all with one fixed time: the same files give the same bytes. */
export function zip(files: ReadonlyMap<string, string>): Buffer {
  return Buffer.concat([...zipParts(files)])
}

/** The same piece by piece, one member packed at a time. */
export function* zipParts(files: ReadonlyMap<string, string>): Generator<Buffer> {
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, text] of files) {
    const data = Buffer.from(text)
    const packed = deflateRawSync(data)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0) // version that can read it: 2.0
    head.writeUInt16LE(0x0800, 2) // names are UTF-8
    head.writeUInt16LE(8, 4) // deflate
    head.writeUInt32LE(0x00210000, 6) // 1980-01-01
    head.writeUInt32LE(crc32(data), 10)
    head.writeUInt32LE(packed.length, 14)
    head.writeUInt32LE(data.length, 18)
    head.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([signature(0x04034b50), head, Buffer.from(name), packed])
    const more = Buffer.alloc(14)
    more.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([signature(0x02014b50), Buffer.from([20, 3]), head, more, Buffer.from(name)]))
    yield local
    offset += local.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const tail = Buffer.alloc(18)
  tail.writeUInt16LE(files.size, 4)
  tail.writeUInt16LE(files.size, 6)
  tail.writeUInt32LE(size, 8)
  tail.writeUInt32LE(offset, 12)
  yield Buffer.concat([...directory, signature(0x06054b50), tail])
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
