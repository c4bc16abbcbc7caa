export declare const UniversalConnector: { init(options: unknown): never };
export type CustomCaipNetwork<T extends string = string> = { caipNetworkId: T };
export type UniversalConnectorConfig = object;
