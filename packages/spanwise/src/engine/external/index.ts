export { createDesk, type Desk, type ExternalTask, type Handed } from './desk.ts'
