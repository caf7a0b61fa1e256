import { parentPort } from 'node:worker_threads'
import { embedOpening } from './jobs.ts'

parentPort?.on('message', async (opening: string) => parentPort?.postMessage(await embedOpening(opening)))
