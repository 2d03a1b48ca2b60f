import { render } from 'preact';
import { ConsoleApp } from './console-app.tsx';
import { applyStoredTheme } from './shell/theme.ts';

applyStoredTheme();
const place = document.getElementById('console');
if (place !== null) render(<ConsoleApp />, place);
