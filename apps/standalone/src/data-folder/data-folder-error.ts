/** What is wrong with the data folder, and what the operator can do about it. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}
