// One bundle serves the three pages; each says in its body which it is.

import { overlay } from './overlay/page';
import { read } from './read/page';
import { enter, type Entry } from './session';
import { speak } from './speak/page';

const pages: Record<string, (entry: Entry) => void> = { speak, read, overlay };

void enter().then((entry) => pages[document.body.dataset.page!]!(entry));
