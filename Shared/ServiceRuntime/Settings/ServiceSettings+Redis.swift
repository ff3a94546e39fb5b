// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

package import Redis

extension ServiceSettings {
    /// Where Redis is and how to talk to it; an error names the setting, never the URL, which may hold a password.
    package func redisConfiguration() throws(HostError) -> RedisConfiguration {
        var configuration: RedisConfiguration
        do {
            configuration = try RedisConfiguration(url: redisURL)
        } catch {
            throw HostError(.invalidSetting, detail: "MELLAMA_REDIS_URL: \(error.detail)")
        }
        if configuration.tls != nil {
            configuration.tls = RedisConfiguration.TLS(
                authorities: redisCA, certificate: redisCertificate, key: redisKey)
        } else if let name = redisCA != nil ? "CA" : redisCertificate != nil ? "CERTIFICATE" : nil {
            // Whoever names an authority believes that what is sent is encrypted.
            throw HostError(
                .invalidSetting,
                detail: "MELLAMA_REDIS_\(name): is for TLS only, and MELLAMA_REDIS_URL is not rediss://; "
                    + "write rediss://, or leave it out")
        }
        return configuration
    }
}
