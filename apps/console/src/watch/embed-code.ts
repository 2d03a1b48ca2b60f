// What other sites put into their pages to show the stream.

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

export const embedCode = (url: string, title: string): string =>
  `<iframe src="${escape(url)}" title="${escape(title)}" width="640" height="360" style="border:0" ` +
  'allow="autoplay; fullscreen; picture-in-picture; clipboard-write" allowfullscreen></iframe>';
