import { defineConfig } from 'spanwise'
import { mailroom } from './src/workflows.ts'

// what the command line needs to know, `npm run studio` above all
export default defineConfig({ store: 'sqlite:./mailroom.db', workflows: [mailroom] })
