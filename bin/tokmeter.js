#!/usr/bin/env node
import './start.js';
