/** Lets at most `size` in at a time; the others wait in the order they came. */
export interface Gate {
  /** Resolves with what lets the next one in. */
  enter(): Promise<() => void>;
  /** Turns away everyone who waits, and whoever comes. */
  shut(error: Error): void;
}

export function gate(size: number): Gate {
  const waiting: { readonly go: () => void; readonly stop: (error: Error) => void }[] = [];
  let inside = 0;
  let closed: Error | null = null;
  const leave = () => {
    inside -= 1;
    waiting.shift()?.go();
  };
  const admit = () => {
    inside += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
    };
  };
  return {
    enter: () => {
      if (closed !== null) return Promise.reject(closed);
      if (inside < size) return Promise.resolve(admit());
      return new Promise((resolve, reject) => waiting.push({ go: () => resolve(admit()), stop: reject }));
    },
    shut: (error) => {
      closed = error;
      for (const { stop } of waiting.splice(0)) stop(error);
    },
  };
}
