import { createHash } from 'node:crypto';
import { deflateSync, inflateSync, constants as zlib } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { acceptSpdy, dictionary, type SpdyStream } from '../../../src/sandbox/spdy.ts';

/** A client that speaks as moby/spdystream does: one zlib stream of headers over the connection. */
function connected() {
  const sent: Buffer[] = [];
  const streams: SpdyStream[] = [];
  let listen: (bytes: Buffer) => void = () => {};
  acceptSpdy(
    {
      send: (bytes) => {
        sent.push(bytes);
        return true;
      },
      onMessage: (listener) => {
        listen = listener;
      },
    },
    (stream) => streams.push(stream),
  );
  let begun = false;
  const block = (headers: Readonly<Record<string, string>>): Buffer => {
    const words = Object.entries(headers).flatMap(([name, value]) => [counted(name), counted(value)]);
    const plain = Buffer.concat([uint32(Object.keys(headers).length), ...words]);
    const packed = begun ? stored(plain) : deflateSync(plain, { dictionary, finishFlush: zlib.Z_SYNC_FLUSH });
    begun = true;
    return packed;
  };
  const open = (id: number, headers: Readonly<Record<string, string>>, flags = 0) =>
    listen(control(1, flags, Buffer.concat([uint32(id), uint32(0), Buffer.from([0, 0]), block(headers)])));
  return { sent, streams, open, say: (bytes: Buffer) => listen(bytes) };
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** What follows in the same zlib stream: RFC 1951 §3.2.4. */
const stored = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, bytes.length, 0, ~bytes.length & 0xff, 0xff]), bytes]);
const counted = (text: string): Buffer => Buffer.concat([uint32(text.length), Buffer.from(text)]);
const sized = (head: readonly number[], payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(head), uint32(payload.length).subarray(1), payload]);
const control = (type: number, flags: number, payload: Buffer): Buffer => sized([0x80, 3, 0, type, flags], payload);
const data = (id: number, flags: number, text: string): Buffer => sized([...uint32(id), flags], Buffer.from(text));

describe('the dictionary', () => {
  it('is that of SPDY/3', () => {
    const digest = createHash('sha256').update(dictionary).digest('hex');
    expect([dictionary.length, digest]).toEqual([1423, '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02']);
  });
});

describe('a SPDY connection', () => {
  it('knows the headers of each stream, by lower-case name', () => {
    const { open, streams } = connected();
    open(1, { streamType: 'error', port: '1064', requestID: '0' });
    open(3, { streamType: 'data', port: '1064', requestID: '0' });
    const of = (streamtype: string) => ({ streamtype, port: '1064', requestid: '0' });
    expect(streams.map(({ headers }) => headers)).toEqual([of('error'), of('data')]);
  });

  it('answers each stream with empty headers that one reader can follow', () => {
    const { open, sent } = connected();
    open(1, {});
    open(3, {});
    const blocks = sent.map((frame) => frame.subarray(12));
    expect(sent.map((frame) => [frame.readUInt16BE(2), frame.readUInt32BE(8)])).toEqual([
      [2, 1],
      [2, 3],
    ]);
    expect(inflateSync(Buffer.concat(blocks), { finishFlush: zlib.Z_SYNC_FLUSH })).toEqual(Buffer.alloc(8));
  });

  it('carries data, and its end, however the bytes are cut', () => {
    const { open, say, streams } = connected();
    open(1, {});
    const heard: string[] = [];
    streams[0]?.onData((bytes) => heard.push(bytes.toString()));
    streams[0]?.onEnd(() => heard.push('end'));
    for (const byte of Buffer.concat([data(1, 0, 'ab'), data(9, 0, 'nobody'), data(1, 1, 'c')])) say(Buffer.from([byte]));
    expect(heard).toEqual(['ab', 'c', 'end']);
  });

  it('says data, end and reset', () => {
    const { open, sent, streams } = connected();
    open(5, {});
    streams[0]?.send(Buffer.from('x'));
    streams[0]?.end(Buffer.from('y'));
    streams[0]?.reset();
    expect(sent.slice(1)).toEqual([data(5, 0, 'x'), data(5, 1, 'y'), control(3, 0, Buffer.concat([uint32(5), uint32(5)]))]);
  });

  it('returns pings', () => {
    const { say, sent } = connected();
    say(control(6, 0, uint32(7)));
    expect(sent).toEqual([control(6, 0, uint32(7))]);
  });

  it('takes a reset for the end', () => {
    const { open, say, streams } = connected();
    open(1, {});
    let ended = false;
    streams[0]?.onEnd(() => {
      ended = true;
    });
    say(control(3, 0, Buffer.concat([uint32(1), uint32(5)])));
    expect(ended).toBe(true);
  });
});
