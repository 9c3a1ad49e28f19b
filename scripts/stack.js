// Runs an archive on this machine until Ctrl-C: `npm run stack -- [--port 54321]`.
import process from 'node:process'
import { runnerImport } from 'vite'

const load = async (name) => (await runnerImport(`./tests/stack/${name}.ts`, { configFile: false })).module
const { main } = await load('main')
process.exitCode = await main(process.argv.slice(2), () => load('stack'))
