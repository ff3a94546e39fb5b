// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Artifacts
public import Jobs
public import Logging

/// What a service's parts share once the host is connected.
public struct ServiceConnections: Sendable {
    public let broker: RedisJobBroker
    public let store: any ArtifactStore
    public let dataRoots: DataRoots
    public let settings: ServiceSettings
    public let logger: Logger

    public init(
        broker: RedisJobBroker, store: any ArtifactStore, dataRoots: DataRoots, settings: ServiceSettings,
        logger: Logger
    ) {
        self.broker = broker
        self.store = store
        self.dataRoots = dataRoots
        self.settings = settings
        self.logger = logger
    }
}
