import { parentPort } from 'node:worker_threads'
import { embedOpening } from './embed.ts'

parentPort?.on('message', async (opening: string) => parentPort?.postMessage(await embedOpening(opening)))
