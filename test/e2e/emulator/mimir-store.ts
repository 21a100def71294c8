import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { end, freePort, run, until } from '../testbed/processes.ts';
import { type PrometheusRelease, programOf } from '../testbed/prometheus.ts';

/** A Prometheus that scrapes nothing and takes remote writes. */
export interface Store {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts one on a free port; what it keeps is lost when it ends. */
export async function startStore(release: PrometheusRelease = '3.16'): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  const file = join(folder, 'prometheus.yaml');
  writeFileSync(file, '{}\n');
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${address}`];
  const child = run(programOf(release), [...args, '--web.enable-remote-write-receiver', '--log.level=warn'], join(folder, 'log'));
  const url = `http://${address}`;
  await until(`a store: see ${folder}/log`, async () => {
    const answer = await request(`${url}/-/ready`).catch(() => null);
    await answer?.body.dump();
    return answer?.statusCode === 200 || null;
  });
  return {
    url,
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
