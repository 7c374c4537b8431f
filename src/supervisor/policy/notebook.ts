/** Source of a notebook's code cells, less IPython's own lines; undefined when it is no notebook. */
export function notebookText(json: string): string | undefined {
  const cells = cellsOf(json);
  return cells?.map((source) => source.replace(/^[ \t]*[!%?].*$/gm, '')).join('\n');
}

/** nbformat 4: `cells[].source` is a text or a list of lines. */
function cellsOf(json: string): string[] | undefined {
  try {
    const { cells } = Object(JSON.parse(json)) as { cells?: unknown };
    if (!Array.isArray(cells)) return undefined;
    return cells.flatMap((cell: unknown) => {
      const { cell_type, source } = Object(cell) as { cell_type?: unknown; source?: unknown };
      return cell_type === 'code' ? [Array.isArray(source) ? source.join('') : String(source)] : [];
    });
  } catch {
    return undefined; // no JSON
  }
}
