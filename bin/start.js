import { fileURLToPath } from 'node:url';
import { load } from './load.js';

load(fileURLToPath(new URL('../dist/cli.js', import.meta.url)));
