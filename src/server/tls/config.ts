/** Settings of TLS: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { choiceSetting, durationSetting, listSetting, switchSetting, textSetting } from '../../core/setting.ts';

/** The part `server.tls` of the configuration. */
export const tlsSettings = Type.Object({
  mode: choiceSetting(
    ['off', 'self-signed', 'files'],
    'off',
    'Plain HTTP (`off`), HTTPS with a certificate that Weir makes and renews itself (`self-signed`), or with yours (`files`).',
  ),
  cert: textSetting('', 'For `files`: the certificate (PEM), followed by those between it and its authority. Read again when it changes.'),
  key: textSetting('', 'For `files`: its key (PEM, without a passphrase). Read again when it changes.'),
  names: listSetting(
    [],
    'For `self-signed`: names and addresses of this server besides its host name, `localhost`, `127.0.0.1` and `::1`. A new one makes a new certificate, with the same key.',
  ),
  minVersion: choiceSetting(['1.2', '1.3'], '1.2', 'The lowest version of TLS that is spoken.'),
  http2: switchSetting(true, 'Offer HTTP/2 beside HTTP/1.1; the client chooses (ALPN).'),
  clientAuthority: textSetting(
    '',
    'A file with the authorities (PEM) whose client certificates are asked for and verified. One whose fingerprint a user has stands for that user; nobody has to have one.',
  ),
  hsts: durationSetting(0, {
    description:
      'For `files`: how long browsers are to insist on HTTPS for this host name, on all of its ports (Strict-Transport-Security). 0: not at all.',
  }),
});

/** Settings of TLS. */
export type TlsConfig = Static<typeof tlsSettings>;
