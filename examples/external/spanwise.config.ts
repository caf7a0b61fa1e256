import { defineConfig } from 'spanwise'
import { report } from './src/workflow.ts'

export default defineConfig({ store: 'sqlite:./external.db', workflows: [report] })
