// A port whose calls a test sees.

/** @param onCall hears of each call before it is made, by the name of its method */
export function withCalls<T extends object>(real: T, onCall: (method: string) => void): T {
  return new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown => {
        onCall(String(name));
        return Reflect.apply(value, target, parameters);
      };
    },
  });
}
