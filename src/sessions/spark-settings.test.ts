import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, test } from 'vitest';
import { type SessionsConfig, sessionsSettings } from './config.ts';
import { readSessionRequest } from './request.ts';
import { checkSpark, sparkConf } from './spark-settings.ts';

const hadoop = mkdtempSync(join(tmpdir(), 'weir-hadoop-'));
afterAll(() => rmSync(hadoop, { recursive: true }));

const defaults = Value.Create(sessionsSettings) as SessionsConfig;
const withSpark = (spark: Partial<SessionsConfig['spark']>): SessionsConfig => ({
  ...defaults,
  spark: { ...defaults.spark, masters: ['yarn', 'k8s://https://pods:6443'], ...spark },
});
const asking = (conf: Record<string, string>) => readSessionRequest({ kind: 'pyspark', conf }).request;
const reached = { driverHost: 'weir.example.net', driverPort: 7001, blockManagerPort: 7002 };
const pods = { 'spark.master': 'k8s://https://pods:6443' };
const image = { ...pods, 'spark.kubernetes.container.image': 'spark:4' };

describe('a master of a cluster', () => {
  test.each([
    ['yarn without its configuration', { 'spark.master': 'yarn' }, {}, '', /HADOOP_CONF_DIR nor YARN_CONF_DIR/],
    ['yarn with another folder', { 'spark.master': 'yarn' }, {}, hadoop, /no yarn-site\.xml/],
    ['Kubernetes that cannot reach the driver', image, {}, '', /driverHost, driverPort and blockManagerPort/],
    ['Kubernetes that has no fixed ports', image, { driverHost: 'weir.example.net' }, '', /not all set/],
    ['Kubernetes without an image', pods, reached, '', /container\.image is not set/],
    ['one that is not allowed', { 'spark.master': 'spark://far:7077' }, {}, '', /allowed are yarn, k8s/],
  ])('is refused before anything starts: %s', (_what, conf, spark, folder, detail) => {
    inEnvironment(folder, () =>
      expect(() => checkSpark(asking(conf), withSpark(spark))).toThrow(expect.objectContaining({ detail: expect.stringMatching(detail) })),
    );
  });

  test('is told where the driver is', () => {
    writeFileSync(join(hadoop, 'yarn-site.xml'), '<configuration/>');
    inEnvironment(hadoop, () => expect(checkSpark(asking({ 'spark.master': 'yarn' }), withSpark({}))).toBe('yarn'));
    const config = withSpark(reached);
    const master = checkSpark(asking(image), config);
    expect(sparkConf(asking(image), config, { id: 3, folder: '/x', master })).toMatchObject({
      'spark.master': 'k8s://https://pods:6443',
      'spark.submit.deployMode': 'client',
      'spark.driver.host': 'weir.example.net',
      'spark.driver.bindAddress': '0.0.0.0',
      'spark.driver.port': '7001',
      'spark.blockManager.port': '7002',
    });
  });
});

function inEnvironment(folder: string, work: () => void): void {
  const { HADOOP_CONF_DIR: hadoopBefore, YARN_CONF_DIR: yarnBefore } = process.env;
  delete process.env.YARN_CONF_DIR;
  delete process.env.HADOOP_CONF_DIR;
  if (folder !== '') process.env.HADOOP_CONF_DIR = folder;
  try {
    work();
  } finally {
    if (folder !== '') delete process.env.HADOOP_CONF_DIR;
    if (hadoopBefore !== undefined) process.env.HADOOP_CONF_DIR = hadoopBefore;
    if (yarnBefore !== undefined) process.env.YARN_CONF_DIR = yarnBefore;
  }
}
