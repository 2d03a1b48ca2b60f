// What the Accept headers ask for (RFC 9110 §12.5).

const JSON_TYPES = ['application/problem+json', 'application/json'];

/** Whether a page is wanted rather than JSON: browsers name `text/html` first, programs name JSON or take anything. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const weights = new Map(accept.split(',').map(weightOf));
  const weight = (type: string): number =>
    weights.get(type) ?? weights.get(`${type.split('/', 1)[0]}/*`) ?? weights.get('*/*') ?? 0;
  return weight('text/html') > Math.max(...JSON_TYPES.map(weight));
}

/** Whether the answer may be compressed with gzip (RFC 9110 §12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const weights = new Map((acceptEncoding ?? '').split(',').map(weightOf));
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}

/** A range and its weight: 1 where it says none, 0 where it cannot be read. */
function weightOf(range: string): [type: string, weight: number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  if (quality === undefined) return [type, 1];
  return [type, /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(quality.slice(2)) ? Number(quality.slice(2)) : 0];
}
