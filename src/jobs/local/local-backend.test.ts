import { Value } from 'typebox/value';
import { systemClock } from '../../core/clock.ts';
import { createLog } from '../../core/log.ts';
import { testBackend } from '../backend-conformance.ts';
import { type JobsConfig, jobsSettings } from '../config.ts';
import { createLocalBackend } from './local-backend.ts';

const config = { ...(Value.Default(jobsSettings, {}) as JobsConfig), cores: 4 };

testBackend('local', (folder) => createLocalBackend(config, { folder, log: createLog({ level: 'silent' }), clock: systemClock }));
