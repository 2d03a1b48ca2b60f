/** What is wrong with the data folder, said so that whoever starts Millrace can act on it. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}
