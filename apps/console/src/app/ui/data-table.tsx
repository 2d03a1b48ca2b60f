import type { ComponentChildren, JSX } from 'preact';
import { texts } from '../texts.ts';

export interface Column<T> {
  /** undefined: what is in it needs no name, such as buttons. */
  readonly title?: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers and buttons are at the end of their column. */
  readonly isAtEnd?: boolean;
}

/** What a thing is called, and its id. */
export const nameColumn: Column<{ readonly id: string; readonly name: string }> = {
  title: texts.common.name,
  cell: ({ id, name }) => (
    <>
      <strong>{name}</strong>
      <div class="small muted">{id}</div>
    </>
  ),
};

interface DataTableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly columns: readonly Column<T>[];
}

/** A table; on a phone each row is a card that names its values. */
export const DataTable = <T,>({ label, rows, keyOf, columns }: DataTableProps<T>): JSX.Element => (
  <table class="table" aria-label={label}>
    <thead>
      <tr>
        {columns.map(({ title, isAtEnd }, i) => (
          <th key={i} scope="col" class={isAtEnd === true ? 'end' : undefined}>
            {title ?? <span class="unseen">{texts.common.actions}</span>}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map((row) => (
        <tr key={keyOf(row)}>
          {columns.map(({ title, cell, isAtEnd }, i) => (
            <td key={i} data-title={title} class={isAtEnd === true ? 'end' : undefined}>
              <div>{cell(row)}</div>
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);
