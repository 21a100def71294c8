import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** The server's end of one websocket, binary messages only (RFC 6455). */
export interface WebSocket {
  /** Returns false when the peer reads too slowly; `onDrain` tells when to go on. */
  send(message: Buffer): boolean;
  close(code: number): void;
  pause(): void;
  resume(): void;
  onMessage(listener: (message: Buffer) => void): void;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
}

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Answers the upgrade with the protocol, which may hold a '/' (SPDY/3.1+portforward.k8s.io), as packages for websockets refuse to. */
export function acceptWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string): WebSocket {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}${guid}`).digest('base64');
  const named = protocol === '' ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
  socket.write(`${answer}Sec-WebSocket-Accept: ${accept}\r\n${named}\r\n`);
  return overSocket(socket, head);
}

function overSocket(socket: Duplex, head: Buffer): WebSocket {
  let pending = head;
  let listener: (message: Buffer) => void = () => {};
  const close = (code: number): void => {
    const reason = Buffer.alloc(2);
    reason.writeUInt16BE(code);
    if (!socket.writableEnded) socket.end(frame(opcodes.close, reason));
  };
  const read = (chunk: Buffer): void => {
    pending = Buffer.concat([pending, chunk]);
    for (let next = parseFrame(pending); next !== null; next = parseFrame(pending)) {
      pending = pending.subarray(next.size);
      // golang.org/x/net/websocket takes each fragment for a message of its own: the data of a fragmented one is lost there, and refused here.
      if (!next.final) close(1002);
      else if (next.opcode === opcodes.binary) listener(next.payload);
      else if (next.opcode === opcodes.ping) socket.write(frame(opcodes.pong, next.payload));
      else if (next.opcode === opcodes.close) close(1000);
    }
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', read);
  queueMicrotask(() => read(Buffer.alloc(0)));
  return {
    send: (message) => (socket.writable ? socket.write(frame(opcodes.binary, message)) : true),
    close,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    onMessage: (heard) => {
      listener = heard;
    },
    onDrain: (heard) => socket.on('drain', heard),
    onClose: (heard) => socket.once('close', heard),
  };
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const wide = length > 0xffff ? 8 : length > 125 ? 2 : 0;
  const header = Buffer.alloc(2 + wide);
  header[0] = 0x80 | opcode;
  header[1] = wide === 8 ? 127 : wide === 2 ? 126 : length;
  if (wide === 2) header.writeUInt16BE(length, 2);
  if (wide === 8) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly size: number;
}

/** The first whole frame of a client, unmasked; null while some of it is missing. */
function parseFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const short = bytes.readUInt8(1) & 0x7f;
  const wide = short === 127 ? 8 : short === 126 ? 2 : 0;
  const start = 2 + wide + 4;
  if (bytes.length < start) return null;
  const length = wide === 8 ? Number(bytes.readBigUInt64BE(2)) : wide === 2 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < start + length) return null;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) payload[at] = bytes.readUInt8(start + at) ^ mask.readUInt8(at & 3);
  const first = bytes.readUInt8(0);
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, payload, size: start + length };
}
