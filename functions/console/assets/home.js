// The first page.

import { inBothLanguages } from "./page.js";

inBothLanguages();
