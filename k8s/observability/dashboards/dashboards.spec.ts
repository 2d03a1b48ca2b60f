// What an operator may count on in each dashboard.
import { describe, expect, it } from 'vitest';
import { ALL_DASHBOARDS } from '../files.ts';
import { dashboardJson } from './dashboard.ts';
import { ONE_STREAM_TABLES, oneStreamJson } from './one-stream.ts';

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly gridPos: Place;
  readonly targets: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
  readonly fieldConfig: {
    readonly defaults: { readonly unit?: string; readonly thresholds?: { readonly steps: readonly object[] } };
  };
}

const panelsOf = (json: object): PanelJson[] => (json as { panels: PanelJson[] }).panels;

/** Panel descriptions must be whole sentences. */
const SENTENCE = /^[A-Z`4"].*[.?]$/s;

describe.each(ALL_DASHBOARDS)('the dashboard $title', (dashboard) => {
  const json = dashboardJson(dashboard);
  const panels = panelsOf(json).filter(({ type }) => type !== 'row');

  it('has variables for data source, namespace and pod, and links to the others', () => {
    const { templating, links, uid } = json as {
      templating: { list: { name: string }[] };
      links: { tags: string[]; type: string }[];
      uid: string;
    };
    expect(templating.list.map(({ name }) => name)).toEqual(expect.arrayContaining(['datasource', 'namespace', 'pod']));
    expect(links).toEqual([expect.objectContaining({ type: 'dashboards', tags: ['millrace'] })]);
    expect(uid).toMatch(/^millrace-[a-z-]+$/);
  });

  it('has panels with a unit, thresholds, and a description that says what to do', () => {
    for (const { title, description, fieldConfig } of panels) {
      expect(fieldConfig.defaults.unit, title).toMatch(/^[A-Za-z]+$/);
      expect(fieldConfig.defaults.thresholds?.steps.length, title).toBeGreaterThan(0);
      const [shows, act] = description.split('\n\nWhat to do: ');
      expect(shows, title).toMatch(SENTENCE);
      expect(act, title).toMatch(SENTENCE);
    }
  });

  it('has panels that ask the chosen data source, within what was chosen', () => {
    for (const { title, targets } of panels) {
      expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr, datasource } of targets) {
        expect(datasource.uid, title).toBe('${datasource}');
        if (title !== 'Firing alerts') expect(expr, title).toContain('namespace=~"$namespace"');
      }
    }
  });

  it('has no two panels of one title', () => {
    const titles = panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('has panels that do not overlap and stay within 24 columns', () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of panelsOf(json)) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x}/${y}`), title).toBe(false);
          taken.add(`${x}/${y}`);
        }
    }
  });
});

describe('all dashboards', () => {
  it('are those that operators know', () => {
    expect(ALL_DASHBOARDS.map(({ uid }) => uid).sort()).toEqual([
      'millrace-bus',
      'millrace-ingest',
      'millrace-overview',
      'millrace-playback',
      'millrace-rooms',
      'millrace-tenants',
    ]);
  });
});

describe('the dashboard of one stream', () => {
  const { panels, uid } = oneStreamJson() as { uid: string; panels: PanelJson[] };

  it('has panels with a unit, thresholds, and a description that says what to do', () => {
    expect(uid).toBe('millrace-stream');
    expect(panels).toHaveLength(ONE_STREAM_TABLES.length);
    for (const { title, description, fieldConfig } of panels) {
      expect(fieldConfig.defaults.unit, title).toMatch(/^[A-Za-z]+$/);
      expect(fieldConfig.defaults.thresholds?.steps.length, title).toBeGreaterThan(0);
      const [shows, act] = description.split('\n\nWhat to do: ');
      expect(shows, title).toMatch(SENTENCE);
      expect(act, title).toMatch(SENTENCE);
    }
  });
});
