/** Light or dark: as the system, unless the agent chose. */

export type Theme = 'auto' | 'light' | 'dark';

const KEPT = 'trunkline.theme';

export function keptTheme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function useTheme(theme: Theme): void {
  if (theme === 'auto') {
    localStorage.removeItem(KEPT);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(KEPT, theme);
    document.documentElement.dataset['theme'] = theme;
  }
}
