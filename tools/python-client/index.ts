export { ensurePythonClient, makesEnvironments, PYTHON_CLIENT_BIN, requirePythonClient } from './python-client.ts';
