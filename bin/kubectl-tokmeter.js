#!/usr/bin/env node
// kubectl runs this for `kubectl tokmeter`; the program sees the name it was called by in argv[1].
import './start.js';
