// One bundle serves the three pages; each says in its body which it is.

import { overlay } from './overlay/page';
import { read } from './read/page';
import { enter } from './session';
import { speak } from './speak/page';

const pages: Record<string, (refused: string) => void> = { speak, read, overlay };

void enter().then((refused) => pages[document.body.dataset.page!]!(refused));
