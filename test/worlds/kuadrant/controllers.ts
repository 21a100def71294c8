import type { Proving } from '../../e2e/fixing.ts';
import { authorize } from './controllers/access.ts';
import { rollOut } from './controllers/deployments.ts';
import { count, shape } from './controllers/limitador.ts';
import { operate } from './controllers/operator.ts';
import type { Place } from './controllers/present.ts';

/** What the controllers and programs around Kuadrant do about the objects that the API server has, each by what it reads there: a mended cluster comes of a change that mends, and of nothing else. */
export const controllers: Proving['controllers'] = async ({ bed }, hands) => {
  const place: Place = { bed, hands };
  await authorize(place);
  const rolled = await rollOut(place);
  await operate(place, rolled);
  await shape(place);
  await rollOut(place);
  await count(place);
};
