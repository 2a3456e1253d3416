import { expect, test } from 'vitest';
import { checkCgroups, checkMail, checkPerl, checkSlurm } from './doctor-jobs.ts';

test('tells whether the wrappers of jobs can run', async () => {
  expect(await checkPerl()).toMatchObject({ level: 'ok', text: expect.stringMatching(/^perl 5\.\d+/) });
  expect(await checkPerl('no-such-perl')).toMatchObject({ level: 'warning', fix: 'sudo apt-get install perl' });
  expect(await checkPerl('false')).toMatchObject({ level: 'warning', text: expect.stringContaining('does not run as jobs need it') });
});

test('tells why jobs have no cgroups', () => {
  expect(checkCgroups('no cgroup2 is mounted')).toMatchObject({
    level: 'warning',
    text: expect.stringContaining('no cgroup2 is mounted'),
    fix: expect.stringContaining('Delegate=yes'),
  });
  expect(checkCgroups({ version: 2, memory: '/a', cpu: '/a' })).toMatchObject({ level: 'ok' });
});

test('tells whether mails can be sent', () => {
  expect(checkMail('no-such-program')).toMatchObject({ level: 'warning', fix: 'sudo apt-get install msmtp-mta' });
  expect(checkMail('sh')).toMatchObject({ level: 'ok', text: expect.stringMatching(/^\/.*sh takes mails/) });
});

test('tells of Slurm what is missing, or that it does not answer', async () => {
  expect(await checkSlurm('no-such-program')).toMatchObject({ level: 'warning', fix: 'sudo apt-get install slurm-client munge' });
  expect(await checkSlurm('false')).toMatchObject({ level: 'warning', text: expect.stringContaining('does not answer') });
  expect(await checkSlurm('echo')).toMatchObject({ level: 'ok', text: 'Slurm answers: ping' });
});
