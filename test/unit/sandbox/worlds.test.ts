import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { listWorlds, loadWorld, worldsFolder } from '../../../src/sandbox/worlds.ts';

const root = resolve(import.meta.dirname, '../../..');

it.each([
  ['the sources', 'src/sandbox/worlds.ts', 'src/sandbox/worlds'],
  ['a script', 'node_modules/.run-x/main.mjs', 'src/sandbox/worlds'],
  ['the built program', 'dist/cli.js', 'dist/worlds'],
  ['a chunk of it', 'dist/chunks/demo-x.js', 'dist/worlds'],
])('worlds lie in one folder for %s', (_, from, folder) => expect(worldsFolder(resolve(root, from))).toBe(resolve(root, folder)));

it('knows no world that is not there', async () => {
  await expect(loadWorld('../../package')).rejects.toThrow('there is no world "../../package": tokmeter demo --list names them');
});

it('loads every world that it names', async () => {
  const names = await listWorlds();
  const worlds = await Promise.all(names.map(loadWorld));
  expect(worlds.map(({ name }) => name)).toEqual(names);
});
