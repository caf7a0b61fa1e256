import { inflateRawSync } from 'node:zlib'

/** by the central directory, as other programs read it */
export function members(zip: Buffer): Map<string, string> {
  const found = new Map<string, string>()
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06'))
  let at = zip.readUInt32LE(end + 16)
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    const [packed, length, local] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)]
    const name = zip.toString('utf8', at + 46, at + 46 + length)
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    found.set(name, inflateRawSync(zip.subarray(data, data + packed)).toString('utf8'))
    at += 46 + length
  }
  return found
}
