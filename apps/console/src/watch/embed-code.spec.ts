import { expect, it } from 'vitest';
import { embedCode } from './embed-code.ts';

it('the embed code is one frame, whatever the stream is called', () => {
  const code = embedCode('https://live.example/watch/pbk_1', '"><script>&');
  expect(code).toBe(
    '<iframe src="https://live.example/watch/pbk_1" title="&quot;&gt;&lt;script&gt;&amp;" width="640" height="360" ' +
      'style="border:0" allow="autoplay; fullscreen; picture-in-picture; clipboard-write" allowfullscreen></iframe>',
  );
});
