export { inPoolThread } from './marker.ts'
export { type ThreadPool, type ThreadPoolOptions, threadPool } from './pool.ts'
export { preloadInThreads } from './preload.ts'
