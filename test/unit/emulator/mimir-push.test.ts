import { describe, expect, it } from 'vitest';
import { admitted } from '../../e2e/emulator/mimir-push.ts';
import { framed, unframed } from '../../e2e/emulator/snappy.ts';

const field = (number: number, content: Buffer): Buffer => Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);
const label = (name: string, value: string): Buffer => field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]));
const sample = field(2, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0x24, 0x40, 16, 0x80, 0x89, 0x8a, 0xf1, 0xfc, 0x33]));
const series = (...labels: readonly Buffer[]): Buffer => field(1, Buffer.concat([...labels, sample]));
const protobuf = 'application/x-protobuf';

describe('a push to Mimir', () => {
  const sound = series(label('__name__', 'up'), label('job', 'x'));
  const metadata = field(3, Buffer.from('abc'));

  it('is stored as it is when every name is an old one', () => {
    const body = framed(Buffer.concat([sound, metadata]));
    expect(admitted(body, protobuf)).toEqual({ body, refused: null });
  });

  it.each([
    [
      'a dotted metric',
      series(label('__name__', 'gen_ai.client.token.usage')),
      "received a series with invalid metric name: 'gen_ai.client.token.usage' (err-mimir-metric-name-invalid)",
    ],
    [
      'a dotted label',
      series(label('__name__', 'a'), label('user.id', 'u')),
      "received a series with an invalid label: 'user.id' series: 'a{user.id=\"u\"}' (err-mimir-label-invalid)",
    ],
  ])('loses %s and nothing else', (_, odd, refused) => {
    const answer = admitted(framed(Buffer.concat([sound, odd, metadata])), protobuf);
    expect(answer.refused).toBe(refused);
    expect(unframed(answer.body)).toEqual(Buffer.concat([sound, metadata]));
  });
});

describe('snappy', () => {
  it('unpacks literals and copies that overlap', () => {
    // 12 bytes: the literal "ab", and a copy of 10 bytes from 2 back
    expect(unframed(Buffer.from([12, (2 - 1) << 2, 0x61, 0x62, ((10 - 4) << 2) | 1, 2])).toString()).toBe('abababababab');
    expect(unframed(Buffer.from([8, (4 - 1) << 2, 0x61, 0x62, 0x63, 0x64, ((4 - 1) << 2) | 2, 4, 0])).toString()).toBe('abcdabcd');
  });

  it.each([0, 1, 127, 128, 65_536, 65_537, 300_000])('returns %i bytes as they were', (length) => {
    const plain = Buffer.alloc(length, 'tokens');
    expect(unframed(framed(plain)).equals(plain)).toBe(true);
  });
});
