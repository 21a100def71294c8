import { expect, it } from 'vitest';
import { imageOf } from '../../../src/parse/image.ts';
import { versionOf } from '../../../src/parse/versions.ts';

it.each([
  ['docker.io/envoyproxy/ai-gateway-extproc:v0.5.0', 'docker.io/envoyproxy/ai-gateway-extproc', 'ai-gateway-extproc', 'v0.5.0', null],
  ['registry:5000/mirror/ai-gateway-extproc', 'registry:5000/mirror/ai-gateway-extproc', 'ai-gateway-extproc', null, null],
  ['registry:5000/x/y:v1@sha256:abc', 'registry:5000/x/y', 'y', 'v1', 'sha256:abc'],
  ['y@sha256:abc', 'y', 'y', null, 'sha256:abc'],
  ['', '', '', null, null],
])('reads image %s', (reference, repository, name, tag, digest) => {
  expect(imageOf(reference)).toEqual({ repository, name, tag, digest });
});

it.each([
  ['v0.5.0', 'v0.5.0'],
  ['0.5.0', 'v0.5.0'],
  ['v1.1.0-rc.1', 'v1.1.0-rc.1'],
  ['v0.5.0+build', 'v0.5.0'],
  ['latest', null],
  ['v0.5', null],
  ['', null],
  [null, null],
])('reads version %s', (tag, text) => {
  expect(versionOf(tag)?.text ?? null).toBe(text);
});
