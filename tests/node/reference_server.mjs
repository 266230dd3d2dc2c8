// The tests' own server (tests/support/reference_server), started for one test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';

import { top } from './folders.mjs';

export class ReferenceServer {
    static async start(...settings) {
        const program = join(top, 'tests', 'support', 'reference_server', 'main.py');
        const process = spawn('python3', [program, ...settings], { stdio: ['pipe', 'pipe', 'inherit'] });
        const [line] = await once(process.stdout.setEncoding('utf8'), 'data');
        return new ReferenceServer(process, Number(line));
    }

    constructor(process, port) {
        this.process = process;
        this.port = port;
        this.url = `http://127.0.0.1:${port}`;
    }

    /** What `admin.py` lists. */
    ask(path, body) {
        return new Promise((resolve, reject) => {
            const asked = request(
                { host: '127.0.0.1', port: this.port, path: `/_test/${path}`, method: body === undefined ? 'GET' : 'POST' },
                (response) => {
                    let text = '';
                    response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => resolve(text));
                });
            asked.on('error', reject);
            asked.end(body);
        });
    }

    async stop() {
        const ended = once(this.process, 'exit');
        this.process.stdin.end();
        await ended;
    }
}
