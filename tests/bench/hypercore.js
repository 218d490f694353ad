/* hypercore as the peer to be measured against: a giver and a receiver, two processes, one
 * encrypted TCP connection on the loopback, blocks on disk at both ends, hypercore's defaults.
 *
 *   node hypercore.js give FOLDER BLOCKS BYTES   prints {"port", "key"}, serves until it is ended
 *   node hypercore.js take FOLDER BLOCKS PORT KEY prints {"blocks", "seconds", "cpu_us"}
 *
 * Packages are looked up below $BENCH_NPM. */
'use strict'
const net = require('net')
const path = require('path')
const { createRequire } = require('module')
const Hypercore = createRequire(path.join(process.env.BENCH_NPM, 'x.js'))('hypercore')

const BATCH = 1000

async function give (folder, blocks, bytes) {
  const core = new Hypercore(folder)
  await core.ready()
  for (let first = 0; first < blocks; first += BATCH) {
    const batch = []
    for (let i = first; i < Math.min(first + BATCH, blocks); i++) {
      const block = Buffer.alloc(bytes, i & 255)
      block.writeUInt32BE(i, 0)
      batch.push(block)
    }
    await core.append(batch)
  }
  const server = net.createServer((socket) => connect(core, socket, false))
  server.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ port: server.address().port, key: core.key.toString('hex') }))
  })
}

function connect (core, socket, isInitiator) {
  const stream = core.replicate(isInitiator)
  socket.setNoDelay(true)
  stream.on('error', () => {})
  socket.on('error', () => {})
  socket.pipe(stream).pipe(socket)
}

/* From connecting to the last block verified and written, CPU of the whole process meanwhile. */
async function take (folder, blocks, port, key) {
  const core = new Hypercore(folder, Buffer.from(key, 'hex'))
  await core.ready()
  const cpu = process.cpuUsage()
  const begin = process.hrtime.bigint()
  const socket = net.connect(port, '127.0.0.1')
  connect(core, socket, true)
  await core.download({ start: 0, end: blocks }).done()
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  const used = process.cpuUsage(cpu)
  if (core.contiguousLength !== blocks) throw new Error(`${core.contiguousLength} blocks came`)
  console.log(JSON.stringify({ blocks, seconds, cpu_us: used.user + used.system }))
  process.exit(0)
}

const [, , role, folder, blocks, ...rest] = process.argv
const run = role === 'give'
  ? give(folder, Number(blocks), Number(rest[0]))
  : take(folder, Number(blocks), Number(rest[0]), rest[1])
run.catch((error) => {
  console.error(String(error.stack || error))
  process.exit(1)
})
