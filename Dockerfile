# Shelfgraph's command line. The weights of the default models come with the packages, so that nothing is fetched later.
FROM python:3.13-slim

# without a GPU in sight: PyTorch's CPU build
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1

# LightGBM (the ranking 'best') brings no OpenMP of its own
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY kg kg
COPY encoders encoders
COPY fusion fusion
COPY recommend recommend
COPY data data
RUN pip install . && rm -rf /src/*

RUN useradd --create-home shopkeeper && mkdir /shop /feeds && chown shopkeeper /shop
USER shopkeeper
WORKDIR /feeds
ENV SHELFGRAPH_SHOP=/shop
VOLUME /shop
ENTRYPOINT ["shelfgraph"]
CMD ["--help"]
