// Support view of one stream, read from the sessions API through the "Infinity" plugin: per-stream series in Prometheus would be too
// expensive.

/** A table of the response of one API endpoint. */
export interface ApiTable {
  readonly title: string;
  readonly shows: string;
  readonly act: string;
  /** Path below the data source's URL; `$stream` and `$session` are variables. */
  readonly path: string;
  /** Field of the response that holds the rows; empty: the response is the only row. */
  readonly rows: string;
  readonly columns: readonly ApiColumn[];
  readonly height: number;
}

export interface ApiColumn {
  /** The field of the API. */
  readonly field: string;
  readonly title: string;
  readonly type: 'string' | 'number' | 'timestamp';
  readonly unit?: 'bytes' | 'short';
}

const text = (field: string, title: string): ApiColumn => ({ field, title, type: 'string' });
const time = (field: string, title: string): ApiColumn => ({ field, title, type: 'timestamp' });
const count = (field: string, title: string): ApiColumn => ({ field, title, type: 'number', unit: 'short' });

export const ONE_STREAM_TABLES: readonly ApiTable[] = [
  {
    title: 'Stream',
    shows: 'The current status of the stream.',
    act: 'If the stream is idle while an encoder publishes, compare the encoder’s key with the keys of the stream.',
    path: '/v1/live_streams/$stream',
    rows: '',
    columns: [text('id', 'Stream'), text('name', 'Name'), text('status', 'Status'), time('created_at', 'Created')],
    height: 5,
  },
  {
    title: 'Sessions',
    shows:
      'Sessions of the stream, newest first. A session lasts from the encoder’s first connection to the end of its reconnect window.',
    act: 'Copy the id of the session in question into the Session variable. Many short sessions mean that the encoder keeps losing its connection.',
    path: '/v1/live_streams/$stream/sessions?limit=20',
    rows: 'data',
    columns: [
      text('id', 'Session'),
      text('status', 'Status'),
      time('started_at', 'Started'),
      time('active_at', 'Playable'),
      time('ended_at', 'Ended'),
      count('segments', 'Segments'),
    ],
    height: 9,
  },
  {
    title: 'Connections of the session',
    shows: 'Each connection of the encoder: key, address, amount of data sent, and why it ended.',
    act: 'Reasons are explained in docs/errors.md. `timeout` points to the network or the encoder, `drained` to an upgrade, `revoked` to a revoked key.',
    path: '/v1/sessions/$session',
    rows: 'connections',
    columns: [
      time('started_at', 'Started'),
      time('ended_at', 'Ended'),
      text('end_reason', 'Reason'),
      text('role', 'Role'),
      text('encoder', 'Encoder'),
      text('client_address', 'Address'),
      text('stream_key_id', 'Key'),
      { field: 'bytes', title: 'Bytes', type: 'number', unit: 'bytes' },
      count('video_frames', 'Video frames'),
      count('audio_frames', 'Audio frames'),
    ],
    height: 9,
  },
];

const DATASOURCE = { type: 'yesoreyeram-infinity-datasource', uid: '${api}' };

export function oneStreamJson(): object {
  let y = 0;
  return {
    uid: 'millrace-stream',
    title: 'Millrace / One stream',
    description: 'One stream as reported by the API: its sessions, and the connections of a chosen session.',
    tags: ['millrace'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-24h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [
      {
        type: 'dashboards',
        title: 'Millrace',
        tags: ['millrace'],
        asDropdown: true,
        includeVars: false,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
      },
    ],
    templating: { list: [apiVariable, textVariable('stream', 'Stream'), textVariable('session', 'Session')] },
    panels: ONE_STREAM_TABLES.map((table, index) => {
      const panel = tableJson(table, index + 1, y);
      y += table.height;
      return panel;
    }),
  };
}

const apiVariable = {
  name: 'api',
  label: 'API',
  type: 'datasource',
  query: DATASOURCE.type,
  regex: '',
  hide: 0,
  refresh: 1,
  multi: false,
  includeAll: false,
  options: [],
  current: {},
};

const textVariable = (name: string, label: string): object => ({
  name,
  label,
  type: 'textbox',
  query: '',
  hide: 0,
  options: [],
  current: { text: '', value: '' },
});

function tableJson({ title, shows, act, path, rows, columns, height }: ApiTable, id: number, y: number): object {
  return {
    id,
    type: 'table',
    title,
    description: `${shows}\n\nWhat to do: ${act}`,
    datasource: DATASOURCE,
    gridPos: { x: 0, y, w: 24, h: height },
    targets: [
      {
        refId: 'A',
        datasource: DATASOURCE,
        type: 'json',
        source: 'url',
        format: 'table',
        parser: 'backend',
        url: path,
        url_options: { method: 'GET' },
        root_selector: rows,
        columns: columns.map((column) => ({ selector: column.field, text: column.title, type: column.type })),
      },
    ],
    fieldConfig: {
      defaults: { unit: 'none', thresholds: { mode: 'absolute', steps: [{ color: 'green', value: null }] } },
      overrides: columns.flatMap((column) =>
        column.unit === undefined
          ? []
          : [
              {
                matcher: { id: 'byName', options: column.title },
                properties: [{ id: 'unit', value: column.unit }],
              },
            ],
      ),
    },
    options: { showHeader: true, cellHeight: 'sm' },
  };
}
