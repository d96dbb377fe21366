// Keeps connections busy for a while and says how many answers came per second, and how long the slowest hundredth took.

import { connect } from 'node:net'

const WARM_UP_MS = 1000
const TURN_MS = 1500

// `headers` are lines, of which every request has another.
process.once('message', async ({ port, headers, connections }) => {
  const requests = headers.map((line) => `GET / HTTP/1.1\r\nHost: localhost\r\n${line}\r\n\r\n`)
  let next = 0
  const turn = async (length) => {
    const times = []
    const end = performance.now() + length
    await Promise.all(Array.from({ length: connections }, () => keepBusy(port, () => requests[next++ % requests.length], end, times)))
    return times
  }
  await turn(WARM_UP_MS)
  const times = (await turn(TURN_MS)).sort((a, b) => a - b)
  process.send({ rate: (times.length * 1000) / TURN_MS, p99: times[Math.floor(times.length * 0.99)] }, () => process.disconnect())
})

function keepBusy(port, request, end, times) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let sent = 0
    let answer = ''
    const send = () => {
      sent = performance.now()
      if (sent >= end) return socket.end(resolve)
      answer = ''
      socket.write(request())
    }
    socket.setEncoding('latin1').on('connect', send).on('error', reject)
    socket.on('data', (piece) => {
      answer += piece
      if (!answer.startsWith('HTTP/1.1 200')) return reject(new Error(answer))
      // Only its end is a brace, and some answers come in two pieces.
      if (!answer.endsWith('}')) return
      times.push(performance.now() - sent)
      send()
    })
  })
}
