// hls.js is large: it is loaded by the first page that shows a picture.

/** As `console-file.ts` serves it. */
const LIBRARY_PATH = '/assets/console/hls.js';

let loading: Promise<void> | undefined;

export function loadHlsLibrary(): Promise<void> {
  loading ??= new Promise<void>((resolve, reject) => {
    const script = document.createElement('script');
    script.src = LIBRARY_PATH;
    script.onload = () => resolve();
    script.onerror = () => {
      loading = undefined;
      script.remove();
      reject(new Error(`${LIBRARY_PATH} could not be loaded`));
    };
    document.head.append(script);
  });
  return loading;
}
