import { inflateSync, constants as zlib } from 'node:zlib';

/** Bytes to and from the peer: a socket, or a websocket that carries the same. */
export interface Wire {
  /** False when the peer reads too slowly. */
  send(bytes: Buffer): boolean;
  onMessage(listener: (bytes: Buffer) => void): void;
}

/** One stream that the client opened. */
export interface SpdyStream {
  readonly headers: Readonly<Record<string, string>>;
  send(bytes: Buffer): boolean;
  end(bytes?: Buffer): void;
  reset(): void;
  onData(listener: (bytes: Buffer) => void): void;
  onEnd(listener: () => void): void;
}

// Control frames: SPDY/3 draft, "2.2.1 Control frames"; moby/spdystream spdy/types.go.
const types = { synStream: 1, synReply: 2, reset: 3, ping: 6 } as const;
const fin = 1;
// RST_STREAM status CANCEL: moby/spdystream spdy/types.go.
const cancel = 5;

/** The server's half of SPDY/3.1 as kubectl port-forward uses it: streams opened by the client, no flow control, no pushes (moby/spdystream has none of them either). */
export function acceptSpdy(wire: Wire, onStream: (stream: SpdyStream) => void): void {
  const streams = new Map<number, Listeners>();
  const headersOf = headerReader();
  const reply = replyWriter();
  let pending = Buffer.alloc(0);
  wire.onMessage((bytes) => {
    pending = Buffer.concat([pending, bytes]);
    for (let frame = parseFrame(pending); frame !== null; frame = parseFrame(pending)) {
      pending = pending.subarray(8 + frame.payload.length);
      take(frame);
    }
  });

  function take({ control, id, flags, payload }: Frame): void {
    if (!control) deliver(streams.get(id), payload, flags);
    else if (id === types.synStream) open(payload, flags);
    else if (id === types.ping) wire.send(controlFrame(types.ping, 0, payload));
    else if (id === types.reset) {
      const stream = payload.readUInt32BE(0);
      streams.get(stream)?.end();
      streams.delete(stream);
    }
  }

  function open(payload: Buffer, flags: number): void {
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const listeners: Listeners = { data: () => {}, end: () => {} };
    streams.set(id, listeners);
    const headers = headersOf(payload.subarray(10));
    wire.send(controlFrame(types.synReply, 0, Buffer.concat([uint32(id), reply()])));
    onStream({
      headers,
      send: (bytes) => wire.send(dataFrame(id, 0, bytes)),
      end: (bytes = Buffer.alloc(0)) => void wire.send(dataFrame(id, fin, bytes)),
      reset: () => void wire.send(controlFrame(types.reset, 0, Buffer.concat([uint32(id), uint32(cancel)]))),
      onData: (listener) => {
        listeners.data = listener;
      },
      onEnd: (listener) => {
        listeners.end = listener;
      },
    });
    if ((flags & fin) !== 0) listeners.end();
  }
}

interface Listeners {
  data(bytes: Buffer): void;
  end(): void;
}

function deliver(stream: Listeners | undefined, payload: Buffer, flags: number): void {
  if (payload.length > 0) stream?.data(payload);
  if ((flags & fin) !== 0) stream?.end();
}

interface Frame {
  readonly control: boolean;
  /** The type of a control frame, the stream of a data frame. */
  readonly id: number;
  readonly flags: number;
  readonly payload: Buffer;
}

function parseFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 8) return null;
  const length = bytes.readUIntBE(5, 3);
  if (bytes.length < 8 + length) return null;
  const control = bytes.readUInt8(0) >= 0x80;
  const id = control ? bytes.readUInt16BE(2) : bytes.readUInt32BE(0);
  return { control, id, flags: bytes.readUInt8(4), payload: bytes.subarray(8, 8 + length) };
}

function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.from([0x80, 3, 0, type, flags, 0, 0, 0]);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
}

function dataFrame(id: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(id, 0);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Header blocks are one zlib stream over the whole connection: inflate what came so far and keep the new tail. */
function headerReader(): (block: Buffer) => Readonly<Record<string, string>> {
  let compressed = Buffer.alloc(0);
  let known = 0;
  return (block) => {
    compressed = Buffer.concat([compressed, block]);
    const all = inflateSync(compressed, { dictionary, finishFlush: zlib.Z_SYNC_FLUSH });
    const fresh = all.subarray(known);
    known = all.length;
    return parseHeaders(fresh);
  };
}

function parseHeaders(bytes: Buffer): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  let at = 4;
  const next = (): string => {
    const end = at + 4 + bytes.readUInt32BE(at);
    const text = bytes.toString('utf8', at + 4, end);
    at = end;
    return text;
  };
  for (let count = bytes.readUInt32BE(0); count > 0; count -= 1) {
    const name = next().toLowerCase();
    headers[name] = next();
  }
  return headers;
}

/** Empty header blocks as stored blocks (RFC 1951 §3.2.4) of one zlib stream; an empty one after each makes Go's reader hand it out (compress/flate inflate.go dataBlock). */
function replyWriter(): () => Buffer {
  let begun = false;
  const empty = Buffer.from([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
  return () => {
    const block = begun ? empty : Buffer.concat([Buffer.from([0x78, 0x01]), empty]);
    begun = true;
    return block;
  };
}

// SPDY/3 draft, "2.6.10.1 Compression": words with their lengths, then a tail of likely values.
const words =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization ' +
  'cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range ' +
  'content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified ' +
  'location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding ' +
  'upgrade user-agent vary via warning www-authenticate method get status|200 OK|version|HTTP/1.1|url public set-cookie keep-alive origin';
const tail =
  '1001012012022052063003023033043053063074024054064074084094104114124134144154164175025045052' +
  '03 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found' +
  '500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 ' +
  'Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,' +
  'text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

/** The dictionary that both sides' header compression begins with. */
export const dictionary: Buffer = Buffer.concat([
  ...words.split(/ (?!OK)|\|/).flatMap((word) => [uint32(word.length), Buffer.from(word, 'latin1')]),
  Buffer.from(tail, 'latin1'),
]);
